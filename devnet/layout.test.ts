import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { validatorId } from '../domain/network/network.ts';
import { layout, NODE_COUNT, nodeOf, validatorIds } from './layout.ts';
import { namedPorts, portPlan } from './ports.ts';

test('everything of a devnet lies in its data folder', () => {
  const place = layout('here');
  const { validator, coordinator, bitcoin, committee } = place;
  for (const path of [
    place.network,
    place.state,
    place.lock,
    place.temporal.database,
    validator(validatorId(7)).journal,
    coordinator(1).config,
    bitcoin(3).dir,
    committee.member(1),
    place.blobs,
    place.prometheus.config,
    place.alerts.secret('prometheus'),
    place.receivers.dir,
    place.watchdog.config,
  ]) {
    expect(path.startsWith(`${resolve('here')}/`)).toBe(true);
  }
  expect(validator(validatorId(7)).journal).toBe(join(resolve('here'), 'validator-007', 'journal.sqlite'));
  expect(coordinator(1).config).toBe(join(resolve('here'), 'coordinator', 'coordinator.toml'));
  expect(coordinator(2).dir).not.toBe(coordinator(1).dir);
});

test('the Bitcoin nodes are spread evenly, and neighbours in the roster have different ones', () => {
  const nodes = validatorIds().map(nodeOf);
  for (let node = 1; node <= NODE_COUNT; node += 1)
    expect([5, 6]).toContain(nodes.filter((one) => one === node).length);
  nodes.slice(1).forEach((node, index) => expect(node).not.toBe(nodes[index]));
});

test('no port is planned twice, and the base of another devnet meets none of them', () => {
  const ports = [...namedPorts(portPlan(7_233)).keys()];
  const others = new Set(namedPorts(portPlan(7_433)).keys());
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports.length).toBe(4 + 3 + 3 + 2 + 1 + 10 + 1 + 48);
  expect(ports.filter((port) => others.has(port))).toEqual([]);
});

test('a copy of any validator has ports that nobody else has', () => {
  const plan = portPlan(7_233);
  const copies = validatorIds().flatMap((id) => Object.values(plan.copyOf(id)));
  const all = [...copies, ...namedPorts(plan).keys(), ...namedPorts(portPlan(7_433)).keys()];
  expect(new Set(all).size).toBe(all.length);
});

test.each([Number.NaN, 80, 65_000, 7_233.5])('%p is no port base', (base) => {
  expect(() => portPlan(base)).toThrow('--port-base');
});
