import type { FailureTable } from '../errors/failure.ts';
import type { CertificateRefusal } from './certificate.ts';
import type { OutputRefusal } from './covered.ts';
import type { PlanRefusal } from './plan-match.ts';
import type { RequestRefusal } from './request.ts';
import type { SweepRefusal } from './sweep.ts';
import type { VoteRefusal } from './vote.ts';

type ApprovalRefusal = VoteRefusal | CertificateRefusal | RequestRefusal | PlanRefusal | OutputRefusal | SweepRefusal;

/** Why a vote is not counted, a certificate not obeyed, a request not signed, or a covered step not given its arguments. */
export const domainApprovalFailures: FailureTable<ApprovalRefusal> = {
  'policy.vote-environment': {
    meaning: 'A vote is for another environment: what was agreed in a drill says nothing about production.',
    remedy: 'Vote on a request of this environment.',
  },
  'policy.vote-network': {
    meaning: 'A vote is for another network.',
    remedy: 'Vote on a request of this network.',
  },
  'policy.vote-epoch': {
    meaning: 'A vote names another committee epoch than the present one.',
    remedy: 'Give the whole chain of epochs (`--chain`); if the committee has changed, the vote must be asked again.',
  },
  'policy.vote-committee': {
    meaning: 'A vote names a committee of the present epoch with other members or quorums.',
    remedy: 'Two committees claim one epoch: compare the chains, and sign nothing until it is clear which one is real.',
  },
  'policy.vote-expired': {
    meaning: 'The time to vote, or to act on the vote, is over. Silence is never a yes.',
    remedy: 'Ask the committee again.',
  },
  'policy.vote-lifetime': {
    meaning: 'A vote would count for longer than any vote may.',
    remedy: 'Ask with an earlier expiry.',
  },
  'policy.vote-playbook': {
    meaning: 'A vote is about another playbook, or another version of it.',
    remedy: 'Vote on the plan that is running; its digest stands in the request.',
  },
  'policy.vote-run': {
    meaning: 'A vote was cast in another run.',
    remedy: 'Vote on the request of this run.',
  },
  'policy.vote-step': {
    meaning: 'A vote was cast at another step of the run.',
    remedy: 'Vote on the request of this step.',
  },
  'policy.vote-arguments': {
    meaning: 'A vote is about other arguments than the ones that would be used now.',
    remedy: 'Arguments have changed and voided the votes: ask the committee again.',
  },
  'policy.vote-class': {
    meaning: 'A vote is about another class of action.',
    remedy: 'Vote on the class that the plan names.',
  },
  'policy.vote-replayed': {
    meaning: 'A vote was cast in an earlier or later round of the same step.',
    remedy: 'Vote on the request that is open now.',
  },
  'policy.vote-stranger': {
    meaning: 'A vote is of a key that never had a seat in the committee.',
    remedy: 'Compare the key with `firebreak committee show`.',
  },
  'policy.vote-revoked': {
    meaning: 'A vote is of a key that had a seat in an earlier committee and has none now.',
    remedy: 'Only the present committee votes.',
  },
  'policy.vote-comment': {
    meaning: 'A push-back without a comment, or an approval with one.',
    remedy: 'Say what should change when pushing back; whoever has a condition pushes back instead of approving.',
  },
  'policy.vote-signature': {
    meaning: 'The signature under a vote does not fit it: it was changed, or signed with another key.',
    remedy: 'Ask that member to vote again; if it was on purpose, find out who changed it.',
  },
  'conflict.vote-repeated': {
    meaning: 'The same vote is counted already.',
    remedy: 'Nothing: the first one counts.',
  },
  'conflict.vote-changed': {
    meaning: 'The member has answered this request differently before.',
    remedy:
      'An answer is final. Who has changed their mind before the quorum is reached has it asked anew: `firebreak incident stop`, then `firebreak incident resume` with the step of the approval.',
  },
  'conflict.vote-deputy': {
    meaning: 'Principal and deputy of one seat have both voted.',
    remedy: 'A seat counts once: the first answer stays.',
  },
  'policy.vote-downgraded': {
    meaning: 'Votes on a cheaper class of action were presented for a dearer one.',
    remedy: 'Ask the committee for the class that the action really has.',
  },
  'policy.vote-quorum': {
    meaning: 'Too few seats approve.',
    remedy: 'Collect more votes before they expire.',
  },
  'conflict.certificate-spent': {
    meaning: 'This approval was acted on before.',
    remedy: 'Ask the committee again if the action is wanted once more.',
  },
  'policy.covered-repeated': {
    meaning: 'A request covers one step twice.',
    remedy: 'Do not sign it; ask its maker for a sound one.',
  },
  'policy.covered-reference': {
    meaning: 'A covered step takes the output of a step that is not covered before it.',
    remedy: 'Do not sign it: nobody could certify that output for this approval.',
  },
  'policy.request-arguments': {
    meaning: 'A request shows other steps or arguments than the digest that it asks to sign.',
    remedy: 'Do not sign it, and keep the file: somebody wanted a signature under something else.',
  },
  'policy.request-plan': {
    meaning: 'A request is about another playbook, or another version of it, than the one that the member reviewed.',
    remedy: 'Ask for the playbook that is running, review it, and compare again. Sign nothing before.',
  },
  'policy.request-step': {
    meaning: 'The playbook asks for no approval at the step that a request names.',
    remedy: 'Do not sign it, and keep the file.',
  },
  'policy.request-class': {
    meaning: 'A request calls the action by another class than the playbook does.',
    remedy: 'Do not sign it, and keep the file: a dearer action was to be approved as a cheaper one, or the reverse.',
  },
  'policy.request-covers': {
    meaning: 'A request covers other steps than the playbook says that the approval covers.',
    remedy: 'Do not sign it, and keep the file.',
  },
  'policy.request-value': {
    meaning: 'A covered step of a request runs something else, or with another fixed argument, than the playbook says.',
    remedy: 'Do not sign it, and keep the file.',
  },
  'policy.step-not-covered': {
    meaning: 'An approval was presented for a step that it does not cover.',
    remedy: 'Ask the committee about this step.',
  },
  'not-yet.output': {
    meaning: 'A covered step waits for the certified output of an earlier one.',
    remedy: 'Wait until that step has finished.',
  },
  'policy.output-environment': {
    meaning: 'The output presented for a reference was made in another environment or network.',
    remedy: 'Present the certificate that this run made.',
  },
  'policy.output-run': {
    meaning: 'The output presented for a reference was made by another run.',
    remedy: 'Present the certificate that this run made.',
  },
  'policy.output-step': {
    meaning: 'The output presented for a reference was made by another step of the run.',
    remedy: 'Present the certificate of the step that the members approved.',
  },
  'policy.output-name': {
    meaning: 'The step certifies no output of the name that the members approved.',
    remedy: 'Mend the playbook: the reference and the action disagree.',
  },
  'policy.sweep-origin': {
    meaning: 'Votes are about a key that a step of their run makes, and the certificate presented names no run.',
    remedy: 'Sweep to the key that the run made, or have the committee vote on this certificate by its digest.',
  },
};
