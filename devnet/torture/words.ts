import type { Fault } from './fault.ts';

/** What happens, in one line. */
export function sayFault(fault: Fault): string {
  if ('act' in fault) return `validators ${fault.who.join(', ')} ${SAYS[fault.act]}`;
  switch (fault.kind) {
    case 'kill-worker':
    case 'kill-temporal':
    case 'kill-validator':
    case 'kill-bitcoin':
      return `SIGKILL to ${fault.victims.join(', ')}`;
    case 'pause':
      return `${fault.victims.join(', ')} stand still`;
    case 'partition-halves':
    case 'partition-minority':
      return `nothing passes between ${short(fault.side)} and the rest`;
    case 'partition-one-way':
      return `nothing passes from ${short(fault.side)} to the rest`;
    case 'slow-links':
      return `links of ${short(fault.side)} are slow and narrow`;
    case 'lossy-links':
      return `links of ${short(fault.side)} lose every fourth piece`;
    case 'dropped-links':
      return `links of ${short(fault.side)} break again and again`;
    case 'restored-folder':
      return `an old copy of the folder of validator ${fault.who} is put back`;
    case 'clone':
      return `a copy of validator ${fault.who} runs`;
    case 'clock':
      return `the clock of validator ${fault.who} is ${fault.shiftMs / 1_000} s off`;
    case 'full-disk':
      return `the disk of validator ${fault.who} is full`;
    case 'reorg-moved':
      return `${fault.depth} blocks are replaced`;
    case 'reorg-orphaned':
      return `${fault.depth} blocks are replaced and payouts are not in the new ones`;
    case 'reorg-double-spent':
      return `${fault.depth} blocks are replaced and a deposit goes back to its sender`;
  }
}

const SAYS = {
  silent: 'commit and then say nothing',
  slow: 'sign late',
  'wrong-partial': 'send wrong partial signatures',
  'other-message': 'sign another message',
  equivocates: 'sign with other nonces than they committed to',
  leaves: 'commit and then die',
} as const;

const short = (places: readonly string[]): string => places.map((each) => each.replace(/^validator-0*/, '')).join(' ');
