/** The arguments without these dynamic settings; throws for one that is not among them, because nothing would be compared then. */
export function withoutSettings(args: readonly string[], names: readonly string[]): readonly string[] {
  return names.reduce((left, name) => {
    const at = left.findIndex((argument) => argument.startsWith(`${name}=`));
    if (at < 1) throw new Error(`the server is not given ${name}`);
    return left.toSpliced(at - 1, 2);
  }, args);
}
