/** A check taken out of the product, and the tests that must notice. */
export type Removal = {
  /** Completes "without …". */
  readonly name: string;
  /** What a product without it would do. */
  readonly why: string;
  readonly file: string;
  /** As it stands in the file, once; enough of it that it stands there once. */
  readonly text: string;
  readonly instead: string;
  readonly noticedBy: readonly Notice[];
};

/** Tests of one file, by their full titles or what stands last in them. Each of them must fail. */
export type Notice = {
  readonly file: string;
  readonly titles: readonly string[];
  /** Tests that must have run before. They may end as they like without the check. */
  readonly after?: readonly string[];
};

export const isCalled = (fullName: string, title: string): boolean =>
  fullName === title || fullName.endsWith(` ${title}`);

/** The file without the check, or why there is nothing to take out. */
export function removed(removal: Removal, source: string): { readonly text: string } | { readonly problem: string } {
  const { file, text, instead } = removal;
  const places = source.split(text);
  if (places.length === 2) return { text: places.join(instead) };
  const found = places.length === 1 ? 'is not there any more' : `stands there ${places.length - 1} times`;
  return {
    problem:
      `the text that is to be taken out of ${file} ${found}:\n${text}\n` +
      'Find where the check stands now, give its text in test/removals/, and see that the named tests still fail without it. ' +
      'If the check is gone, what it stopped must be stopped elsewhere, and that is what this removal is about from now on.',
  };
}

/** What one run of some tests of a file came to. */
export type Ran =
  | { readonly kind: 'could-not-run'; readonly message: string }
  | { readonly kind: 'ran'; readonly tests: readonly RanTest[] };

export type RanTest = {
  readonly title: string;
  readonly passed: boolean;
  /** It failed because something that it expected was otherwise, and not because the code broke. */
  readonly onAssertion: boolean;
  readonly message: string;
};

/** Why the suite cannot be said to notice the removal; nothing when it does. `whole`: the same tests with the check in place. */
export function unnoticed({ file, titles }: Notice, whole: Ran, without: Ran): string | undefined {
  if (whole.kind === 'could-not-run') return `${file} cannot be run with the check in place:\n${whole.message}`;
  if (without.kind === 'could-not-run')
    return `without the check ${file} does not run at all, which shows nothing about the check:\n${without.message}`;
  for (const title of titles) {
    const before = whole.tests.find((each) => isCalled(each.title, title));
    if (before === undefined) return `${file} has no test called "${title}"`;
    if (!before.passed) return `"${title}" fails also with the check in place:\n${before.message}`;
    const after = without.tests.find((each) => isCalled(each.title, title));
    if (after === undefined) return `"${title}" did not run without the check`;
    if (after.passed) return `"${title}" passes without the check: nothing notices that it is gone`;
    if (!after.onAssertion)
      return `"${title}" breaks without the check, and no assertion of it fails:\n${after.message}`;
  }
  return undefined;
}
