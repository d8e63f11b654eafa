import { givesAddresses, givesSignatures, type KeyState } from '../../domain/ceremony/ceremony.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { accept, refuse } from '../../domain/errors/failure.ts';
import type { WatchedOutput } from '../../domain/ports/chain.ts';
import { judgeTerms } from '../../domain/vault/verify-terms.ts';
import { vaultScript } from '../../threshold/verify/vault-script.ts';
import { parseSignedTerms } from '../../wire/documents/index.ts';
import {
  DepositsSeenSchema,
  type HoldTerms,
  Round,
  TermsHeldSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { TermsRow } from './journal/journal.ts';
import { listedOutputs } from './listed-outputs.ts';
import type { AgentParts, Answer } from './parts.ts';
import { judgeChain } from './policy/rules.ts';
import { aboutKey, say } from './statements.ts';
import type { Watching } from './watching.ts';

export type Vaults = {
  hold(request: HoldTerms): Promise<Answer>;
  deposits(vault: string, keyset: string): Promise<Answer>;
};

/** As many scripts as the scanner is measured with; anybody with a coordinator's ear can make terms. */
const VAULTS_MAX = 100_000;

/** Terms that this validator may sign for, and what it sees on their script. */
export function createVaults(parts: AgentParts, watching: Watching): Vaults {
  const { genesis, journal, keyring, clock, chain } = parts;
  const held = (row: TermsRow, epoch: number) =>
    accept(
      say(parts, Round.TERMS_HELD, aboutKey({ keyset: row.keyset, epoch }), TermsHeldSchema, {
        vault: row.vault,
        script: fromHex(row.script, 'vault script'),
      }),
    );
  return {
    async hold(request) {
      const signedTerms = parseSignedTerms(request.signedTerms, 'signed terms of the request');
      const judged = judgeTerms(signedTerms, genesis);
      if (!judged.ok) return judged;
      const vault = judged.value;
      const known = journal.terms.get(vault, request.keyset);
      // A vault that is held stays held, also when its key gives no new addresses any more.
      const isElsewhere = known === undefined && journal.terms.knows(vault);
      const allowed = known !== undefined ? () => true : isElsewhere ? takesMoved : givesAddresses;
      const keyset = keyring.require(request.keyset, allowed, 'give addresses');
      if (!keyset.ok) return keyset;
      // One that is held under an earlier key is no new vault: it moves, and must not be kept from it.
      if (known === undefined && !isElsewhere && journal.terms.count() >= VAULTS_MAX) {
        return refuse('policy.vaults-full', `this validator holds ${VAULTS_MAX} vaults already`);
      }
      const key = keyset.value.package;
      const row: TermsRow = known ?? {
        vault,
        signedTerms,
        keyset: key.keyset,
        script: vaultScript(key, signedTerms.terms),
        watchFromHeight: request.watchFromHeight,
      };
      if (known === undefined) journal.terms.hold(row, clock());
      await watching.ensure(row);
      return held(row, key.epoch);
    },
    async deposits(vault, keyset) {
      const row = journal.terms.get(vault, keyset);
      const key = keyring.get(keyset)?.package;
      if (row === undefined || key === undefined) {
        return refuse(
          'not-yet.terms-unknown',
          `vault ${vault.slice(0, 64)} is not held under keyset ${keyset.slice(0, 64)}`,
        );
      }
      const syncing = judgeChain(parts);
      if (syncing !== undefined) return { ok: false, refusal: syncing };
      await watching.ensure(row);
      const { anchor, outputs } = chain.outputs(row.script);
      const { listed, leftOut } = listedOutputs(outputs);
      return accept(
        say(parts, Round.DEPOSITS_SEEN, aboutKey(key), DepositsSeenSchema, {
          vault: row.vault,
          anchorHash: anchor.hash,
          anchorHeight: anchor.height,
          outputs: listed.map(seen),
          leftOut,
        }),
      );
    },
  };
}

/** A vault that is held under another key may have moved to this one before it was succeeded: its coins must be found and signed for. */
const takesMoved = (state: KeyState): boolean => givesSignatures(state) || state === 'retired';

const seen = (output: WatchedOutput) => ({
  prevout: {
    txid: output.outpoint.txid,
    vout: output.outpoint.vout,
    amountSats: BigInt(output.amountSats),
    script: fromHex(output.script, 'script of an output'),
  },
  blockHash: output.blockHash,
  height: output.height,
  confirmations: output.confirmations,
  spentBy: output.spentBy?.txid ?? '',
  spentConfirmations: output.spentBy?.confirmations ?? 0,
});
