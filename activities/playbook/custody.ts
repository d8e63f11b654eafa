import { type ActionBinding, type Doing, type NeedsOrder, type ProbeBinding } from './binding.ts';
import { freezeByGrant } from './grants.ts';
import { askForLift } from './lift.ts';
import { handOn, type Obeyed, orderStates } from './orders.ts';

const FROZEN = { number: 'int', by: 'text', validators: 'list<validator>' } as const;

/** By an order that was handed to the run; else by a standing order, which needs nobody; else a signed order is asked for. */
async function freeze(lastsMs: number | undefined, doing: Doing): Promise<Obeyed | NeedsOrder> {
  const ordered = await handOn({ kind: 'freeze', ...(lastsMs === undefined ? {} : { lastsMs }) }, doing);
  return 'needs' in ordered ? ((await freezeByGrant(lastsMs, doing)) ?? ordered) : ordered;
}

/** Brakes and their release: each is an order or a grant that the committee signed and that every validator judges by itself. */
export const custodyActions: Readonly<Record<string, ActionBinding>> = {
  'custody.freeze': {
    effect: 'reversible',
    results: FROZEN,
    perform: async ({ lasts }, doing) => {
      const obeyed = await freeze(Number(lasts), doing);
      return 'needs' in obeyed ? obeyed : { ...obeyed, validators: [...obeyed.validators] };
    },
  },
  'custody.refreeze': {
    effect: 'reversible',
    results: {},
    perform: async (_given, doing) => {
      const obeyed = await freeze(undefined, doing);
      return 'needs' in obeyed ? obeyed : {};
    },
  },
  'custody.lift': {
    effect: 'reversible',
    results: { validators: 'list<validator>' },
    perform: async ({ number }, doing) => {
      const obeyed = await handOn({ kind: 'lift', above: Number(number) }, doing);
      return 'needs' in obeyed ? obeyed : { validators: [...obeyed.validators] };
    },
  },
  'custody.askForLift': {
    effect: 'none',
    results: {},
    perform: async ({ number, reason }, doing) => {
      await askForLift(Number(number), String(reason), doing);
      return {};
    },
  },
};

export const custodyProbes: Readonly<Record<string, ProbeBinding>> = {
  'custody.frozen': {
    results: { frozen: 'int', live: 'int' },
    look: async ({ number }, doing) => {
      const states = [...(await orderStates(doing)).values()];
      return {
        live: states.length,
        frozen: states.filter((state) => holdsFreeze(state, Number(number), doing.deps.clock())).length,
      };
    },
  },
};

const holdsFreeze = (
  state: { readonly number: bigint; readonly frozenUntilSeconds: bigint },
  number: number,
  nowMs: number,
): boolean => state.number >= BigInt(number) && Number(state.frozenUntilSeconds) * 1_000 > nowMs;
