import { expect, test } from '@jest/globals';
import { temporalArguments } from '../workers/server.ts';
import { withoutSettings } from './server-settings.ts';

const all = temporalArguments({ port: 1, uiPort: 2, httpPort: 3, metricsPort: 4 });

test('a setting that is left out is left out with its flag, and everything else stays', () => {
  const left = withoutSettings(all, ['history.maxInFlightUpdates']);
  expect(left).toHaveLength(all.length - 2);
  expect(left.join(' ')).not.toContain('maxInFlightUpdates');
  expect(left.filter((argument) => argument === '--dynamic-config-value')).toHaveLength(
    left.filter((argument) => /^(history|system)\./.test(argument)).length,
  );
});

test('a setting that the server is not given cannot be left out', () => {
  expect(() => withoutSettings(all, ['history.maxInflightUpdates'])).toThrow('is not given');
});
