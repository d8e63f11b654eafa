/** The JSON documents that cross processes: strict readers and the one encoder. */
export { parseBlameProof } from './blame.ts';
export { parseKeyCertificate, parsePublicKeyPackage } from './certificate.ts';
export { parseCommittee, parseCommitteeChain, parseSignedEpoch } from './committee.ts';
export { parseSignedEndorsement } from './endorsement.ts';
export { parseNetworkGenesis } from './genesis.ts';
export { parseSignedGrant, parseSignedGrantUse } from './grant.ts';
export { parseSignedOrder } from './order.ts';
export { encodeDocument } from './parse.ts';
export { parseSignedReleaseRequest, parseSignedTerms } from './terms.ts';
export { parseProof, parseSignedVote, parseVoteCertificate, parseVoteRequest } from './vote.ts';
