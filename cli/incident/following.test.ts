import { type Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from '@jest/globals';
import { sendSigned } from './following.ts';

/** A run that refuses with each code in turn, and then takes the message; what it was asked, in order. */
function running(codes: readonly string[], follows = true) {
  const asked: string[] = [];
  const left = [...codes];
  const client = {
    withDeadline: (_deadline: number, work: () => Promise<unknown>) => work(),
    workflow: {
      getHandle: (id: string) => ({
        executeUpdate: async ({ name }: { readonly name: string }) => {
          asked.push(`${name} ${id}`);
          if (!follows) throw refusal('not-yet.committee-look');
          return { epoch: 2 };
        },
      }),
    },
  } as unknown as Client;
  const work = async (): Promise<string> => {
    asked.push('message');
    const code = left.shift();
    if (code !== undefined) throw refusal(code);
    return 'taken';
  };
  return { asked, sent: () => sendSigned(client, 'run', work) };
}
const refusal = (type: string): WorkflowUpdateFailedError =>
  new WorkflowUpdateFailedError('refused', ApplicationFailure.create({ type, message: 'no' }));

test.each(['policy.command-stranger', 'policy.order-epoch', 'policy.vote-epoch', 'policy.vote-stranger'])(
  'who refuses with %s looks which committee validators follow, and is told once more',
  async (code) => {
    const { asked, sent } = running([code]);
    expect(await sent()).toBe('taken');
    expect(asked).toEqual(['message', 'followCommittee run', 'message']);
  },
);

test('a second no is the answer, also where nobody could look', async () => {
  const { asked, sent } = running(['policy.vote-stranger', 'policy.vote-replayed'], false);
  await expect(sent()).rejects.toMatchObject({ cause: { type: 'policy.vote-replayed' } });
  expect(asked).toEqual(['message', 'followCommittee run', 'message']);
});

test('who is a stranger to somebody that would not look is told that, and not that it is a stranger', async () => {
  const { asked, sent } = running(['policy.vote-stranger', 'policy.vote-stranger'], false);
  await expect(sent()).rejects.toMatchObject({ cause: { type: 'not-yet.committee-look' } });
  expect(asked).toEqual(['message', 'followCommittee run', 'message']);
  const looked = running(['policy.vote-stranger', 'policy.vote-stranger']);
  await expect(looked.sent()).rejects.toMatchObject({ cause: { type: 'policy.vote-stranger' } });
});

test('any other no asks nobody', async () => {
  const { asked, sent } = running(['policy.vote-signature']);
  await expect(sent()).rejects.toMatchObject({ cause: { type: 'policy.vote-signature' } });
  expect(asked).toEqual(['message']);
});
