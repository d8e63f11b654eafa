import type { KeyCertificate } from '../domain/ceremony/ceremony.ts';
import type { VoteCertificate } from '../domain/approval/certificate.ts';
import type { VoteRequest } from '../domain/approval/request.ts';
import type { SignedVote } from '../domain/approval/vote.ts';
import type { Committee } from '../domain/committee/committee.ts';
import type { SignedEpoch } from '../domain/committee/epoch.ts';
import type { SignedGrant } from '../domain/committee/grant.ts';
import type { SignedGrantUse } from '../domain/committee/grant-use.ts';
import type { SignedOrder } from '../domain/committee/order.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { NetworkGenesis } from '../domain/network/network.ts';
import type { SignedTerms } from '../domain/vault/terms.ts';
import {
  parseCommittee,
  parseCommitteeChain,
  parseKeyCertificate,
  parseNetworkGenesis,
  parseSignedEpoch,
  parseSignedGrant,
  parseSignedGrantUse,
  parseSignedOrder,
  parseSignedTerms,
  parseSignedVote,
  parseVoteCertificate,
  parseVoteRequest,
} from '../wire/documents/index.ts';
import { readBounded } from './files.ts';

/** The documents that people hand to this tool, each read once and strictly; failures name the file and the field. */
export const readGenesis = (path: string): NetworkGenesis =>
  parseNetworkGenesis(readBounded(path, 'network file'), path);
export const readOrder = (path: string): SignedOrder => parseSignedOrder(readBounded(path, 'order'), path);
export const readTerms = (path: string): SignedTerms => parseSignedTerms(readBounded(path, 'terms'), path);
export const readCertificate = (path: string): KeyCertificate =>
  parseKeyCertificate(readBounded(path, 'certificate'), path);

export const readCommittee = (path: string): Committee => parseCommittee(readBounded(path, 'committee'), path);
export const readEpoch = (path: string): SignedEpoch => parseSignedEpoch(readBounded(path, 'committee epoch'), path);
/** `input.chain-epoch` for a signed hand-over alone: `committee verify --out` makes the chain of it. */
export function readChain(path: string): { readonly epochs: readonly SignedEpoch[] } {
  const bytes = readBounded(path, 'committee chain');
  try {
    return parseCommitteeChain(bytes, path);
  } catch (error) {
    if (!isEpoch(bytes, path)) throw error;
    throw new FirebreakFailure('input.chain-epoch', `${path} is one hand-over and not the chain that ends with it`, {
      path,
    });
  }
}

function isEpoch(bytes: Uint8Array, path: string): boolean {
  try {
    parseSignedEpoch(bytes, path);
    return true;
  } catch {
    return false;
  }
}

export const readVoteRequest = (path: string): VoteRequest => parseVoteRequest(readBounded(path, 'vote request'), path);
export const readVote = (path: string): SignedVote => parseSignedVote(readBounded(path, 'vote'), path);
export const readVoteCertificate = (path: string): VoteCertificate =>
  parseVoteCertificate(readBounded(path, 'vote certificate'), path);

export const readGrant = (path: string): SignedGrant => parseSignedGrant(readBounded(path, 'grant'), path);
export const readGrantUse = (path: string): SignedGrantUse =>
  parseSignedGrantUse(readBounded(path, 'use of a grant'), path);
