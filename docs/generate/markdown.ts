const NOTICE = '<!-- Generated from the code by `npm run generate`; edit the code instead. -->';

export const page = (title: string, introduction: string, sections: readonly string[]): string =>
  `${[NOTICE, `# ${title}`, introduction, ...sections].join('\n\n')}\n`;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
