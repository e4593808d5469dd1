// the table of values in the chart's README, made from the comments of values.yaml
import { isMap, isNode, isScalar, parseDocument, type Document, type YAMLMap } from 'yaml';

type Comment = string | null | undefined;

const START = '<!-- values:start -->';
const END = '<!-- values:end -->';

interface Row {
  readonly path: string;
  readonly unset: string;
  readonly meaning: string;
}

/** Returns the page with the table of all values between its markers. */
export function withValuesTable(page: string, values: string): string {
  const [before, after] = [page.indexOf(START), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`the page has no ${START} and ${END}`);
  const rows = rowsOf(values).map(({ path, unset, meaning }) => `| \`${path}\` | ${unset} | ${meaning} |`);
  const table = ['| value | default | what it means |', '| --- | --- | --- |', ...rows].join('\n');
  return `${page.slice(0, before + START.length)}\n\n${table}\n\n${page.slice(after)}`;
}

/**
 * A row for each value, in the order of the file. A comment belongs to the key that follows it, or that it ends the line
 * of. One that an empty line ends, such as the head of the file, belongs to none.
 */
export function rowsOf(values: string): Row[] {
  const document = parseDocument(values);
  if (!isMap(document.contents)) throw new Error('values.yaml is not a map');
  return rowsOfMap(document, document.contents, [], document.contents.commentBefore);
}

/** @param first the comment above the first key, which the parser gives to the map */
function rowsOfMap(document: Document, map: YAMLMap, above: readonly string[], first: Comment): Row[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) throw new Error('a key of values.yaml is not a text');
    const path = [...above, String(key.value)];
    const before = textOf(key.commentBefore ?? (index === 0 ? first : undefined));
    if (isMap(value) && value.flow !== true) {
      const inner = rowsOfMap(document, value, path, value.commentBefore);
      return before === '' ? inner : [{ path: path.join('.'), unset: '', meaning: before }, ...inner];
    }
    const meaning = `${before} ${isNode(value) ? textOf(value.comment) : ''}`.trim();
    const unset: unknown = isNode(value) ? value.toJS(document) : value;
    return [{ path: path.join('.'), unset: `\`${escaped(JSON.stringify(unset))}\``, meaning }];
  });
}

/** Lines that begin with a dash are a list, which becomes `a; b; c`. */
function textOf(comment: Comment): string {
  const ofKey = (comment ?? '').split(/\n\s*\n/).at(-1) ?? '';
  const words = ofKey
    .replace(/^\s*- /m, '')
    .replaceAll(/\n\s*- /g, '; ')
    .split(/\s+/);
  return escaped(words.join(' ').trim());
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
