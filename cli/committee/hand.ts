import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { walkEpochs } from '../../domain/committee/epoch.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { CommitteeStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { Connect } from '../connecting.ts';
import { readChain } from '../documents.ts';
import { type Handed, handToOne } from '../handing.ts';
import { OPERATOR_FILE, pinnedGenesis, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { askIntake } from '../status/intake.ts';
import { type Voided, voidedAt, voidedLines } from './voided.ts';

export type HandOptions = { readonly data: string; readonly network?: string; readonly to?: string };

/** Epochs in one request: the wire takes 1 MiB. */
const PIECE_BYTES_MAX = 900_000;

/**
 * Hands the whole chain to one validator, which tells all others; what it knows already says nothing. Needs neither Temporal nor a worker. What
 * it ends in the data folder of this machine, if there is one, is named; an api that is down only makes that list shorter.
 */
export async function handEpochs(file: string, options: HandOptions, connect: Connect): Promise<Outcome> {
  const genesis = pinnedGenesis(options);
  const { epochs } = readChain(file);
  const walked = walkEpochs(genesis, epochs);
  if (!walked.ok) throw failureOf(walked.refusal); // no validator would follow it; say so before anything is sent
  const { committee } = walked.value;
  const digest = committeeDigest(committee);
  if (epochs.length === 0) return outcome();
  const connection = await connect();
  try {
    let to = options.to;
    let taker: ValidatorId | undefined;
    let followed = committee.epoch;
    for (const [at, piece] of pieces(epochs.map(canonicalBytes)).entries()) {
      const last = epochs[piece.end - 1]?.epoch.committee.epoch ?? committee.epoch;
      const handed: Handed = {
        what: 'chain of epochs',
        body: {
          case: 'handEpochs',
          value: { $typeName: 'firebreak.v1.HandEpochs', signedEpochs: [...piece.documents] },
        },
        round: Round.COMMITTEE_STATE,
        key: `epochs-${digest}-${at}`,
        isTaken: (payload: Uint8Array) => {
          const state = fromBinary(CommitteeStateSchema, payload);
          return state.epoch > last || (state.epoch === last && isCommittee(state.committeeDigest, piece.end));
        },
      };
      const { validator, payload } = await handToOne(genesis, connection.network, handed, to);
      followed = fromBinary(CommitteeStateSchema, payload).epoch;
      taker = validator;
      // The rest goes to the one that has the beginning.
      to = validatorName(validator);
    }
    return outcome(
      taker === undefined ? undefined : { taker, followed, voided: await voidedHere(options, committee.epoch) },
    );
  } finally {
    await connection.stop();
  }

  function outcome(told?: Told): Outcome {
    const seats = `committee of epoch ${committee.epoch} (${committee.members.length} seats)`;
    if (told === undefined)
      return {
        data: { epoch: committee.epoch, digest },
        lines: [seats, '  the chain is empty: the pinned committee is the present one'],
        next: 'status',
      };
    const { taker, followed, voided } = told;
    const data = { validator: taker, epoch: committee.epoch, digest, followed };
    if (followed > committee.epoch)
      return {
        data,
        lines: [
          seats,
          `  not new    ${validatorName(taker)} says that it follows epoch ${followed} already; nothing was changed`,
          `  --chain    is the file that leads to epoch ${followed}, and not ${file}`,
        ],
        next: 'status',
      };
    return {
      data: { ...data, ...(voided === undefined ? {} : { voided }) },
      lines: [
        seats,
        `  obeyed by  ${validatorName(taker)}, which tells the others`,
        `  from now   whatever judges by the committee takes --chain ${file}`,
        ...(voided === undefined ? [ELSEWHERE] : voidedLines(committee.epoch, voided)),
      ],
      next: `committee show --chain ${file}`,
    };
  }

  function isCommittee(said: Uint8Array, count: number): boolean {
    const reached = walkEpochs(genesis, epochs.slice(0, count));
    return reached.ok && committeeDigest(reached.value.committee) === toHex(said);
  }
}

type Told = { readonly taker: ValidatorId; readonly followed: number; readonly voided: Voided | undefined };

/** On a machine that knows only the network file. */
const ELSEWHERE =
  '  to do      playbooks and grants of the former committee are void where alerts come in: the new one signs them anew';

/** What the data folder of this machine shows; undefined when there is none. */
async function voidedHere({ data, network }: HandOptions, epoch: number): Promise<Voided | undefined> {
  if (network !== undefined || !existsSync(join(data, OPERATOR_FILE))) return undefined;
  const { api, grants } = readOperator(data);
  return voidedAt(epoch, { intake: api === undefined ? undefined : await askIntake(api), grants });
}

type Piece = { readonly documents: readonly Uint8Array[]; readonly end: number };

/** As many as fit into one request each, in order. */
function pieces(documents: readonly Uint8Array[]): readonly Piece[] {
  const cut: { documents: Uint8Array[]; end: number }[] = [];
  let bytes = 0;
  for (const [at, document] of documents.entries()) {
    const piece = cut.at(-1);
    if (piece === undefined || bytes + document.length > PIECE_BYTES_MAX) {
      cut.push({ documents: [document], end: at + 1 });
      bytes = document.length;
    } else {
      piece.documents.push(document);
      piece.end = at + 1;
      bytes += document.length;
    }
  }
  return cut;
}
