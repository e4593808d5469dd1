const COMMAND = /\bCommand '?\[.*?\]'?/gs;
const QUOTED_PATH = /(["'`])(?:file:)?(?:\/|[A-Za-z]:\\)[^"'`\n]*\1/g;
const PATH = /(?<![\w/:.])(?:file:(?:\/\/)?)?(?:\/[^\s"'`,;:()[\]{}/]+)+\/?|(?<!\w)[A-Za-z]:\\[^\s"'`,;]*/g;

/**
 * A message without the paths and command lines of the machine that wrote it. Every text of a foreign error passes here
 * before a client sees it.
 */
export function publicText(message: string): string {
  return message.replace(COMMAND, 'a command').replace(QUOTED_PATH, '…').replace(PATH, '…');
}
