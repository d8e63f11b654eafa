/** What somebody could change in the evidence of a sweep before he shows it. */
export const FORGERIES: Readonly<Record<string, (evidence: Forged) => Forged>> = {
  'a vote less': (evidence) => {
    evidence.proof.certificate.ballots.pop();
    return evidence;
  },
  'another step': (evidence) => ({ ...evidence, step: 'rotate' }),
  'another successor': (evidence) => ({ ...evidence, successor: evidence.certificate }),
  'a signature of the successor less': (evidence) => {
    evidence.successor.signatures.pop();
    return evidence;
  },
  'other terms': (evidence) => {
    evidence.terms.terms.purpose = 'another loan';
    return evidence;
  },
  'another transaction': (evidence) => ({ ...evidence, transactionHex: evidence.transactionHex.replace(/^02/, '03') }),
  'another committee': (evidence) => {
    evidence.proof.certificate.subject.committeeEpoch = 2;
    return evidence;
  },
};
type Forged = {
  step: string;
  proof: { certificate: { subject: { committeeEpoch: number }; ballots: unknown[] } };
  certificate: Forged['successor'];
  successor: { signatures: unknown[] };
  terms: { terms: { purpose: string } };
  transactionHex: string;
};
