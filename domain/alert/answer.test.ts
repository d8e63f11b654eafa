import { expect, test } from '@jest/globals';
import { answerKey } from './answer.ts';

test('what alerts ask for is the same for equal inputs in any order, and another for everything else', () => {
  const inputs = { suspect: 4, freezeFor: 60_000 };
  const key = answerKey('laptop', { playbook: 'suspected-share-theft', inputs });
  expect(answerKey('laptop', { playbook: 'suspected-share-theft', inputs: { freezeFor: 60_000, suspect: 4 } })).toBe(
    key,
  );
  const others = [
    answerKey('other', { playbook: 'suspected-share-theft', inputs }),
    answerKey('laptop', { playbook: 'validator-offline', inputs }),
    answerKey('laptop', { playbook: 'suspected-share-theft', inputs: { ...inputs, suspect: 5 } }),
    answerKey('laptop', { playbook: 'suspected-share-theft', inputs: { suspect: 4 } }),
  ];
  expect(new Set([key, ...others]).size).toBe(5);
});
