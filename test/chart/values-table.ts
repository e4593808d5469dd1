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

/** A row for each value, in the order of the file. A comment belongs to the key that follows it. */
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
    const meaning = textOf(key.commentBefore ?? (index === 0 ? first : undefined));
    if (isMap(value) && value.flow !== true) {
      const inner = rowsOfMap(document, value, path, value.commentBefore);
      return meaning === '' ? inner : [{ path: path.join('.'), unset: '', meaning }, ...inner];
    }
    const unset: unknown = isNode(value) ? value.toJS(document) : value;
    return [{ path: path.join('.'), unset: `\`${escaped(JSON.stringify(unset))}\``, meaning }];
  });
}

function textOf(comment: Comment): string {
  return escaped((comment ?? '').split(/\s+/).join(' ').trim());
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
