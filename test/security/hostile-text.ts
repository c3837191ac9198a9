/** Names and texts that somebody would try: what shells, XML, YAML, paths, terminals and Slack have a meaning for. */
import fc from 'fast-check'

const wholes = [
  '',
  '-rf',
  '--',
  '--help',
  '--no-preserve-root',
  '../../etc/passwd',
  '..',
  '.',
  '/',
  '~root',
  '$(touch /tmp/x)',
  '`id`',
  '$' + '{IFS}',
  '$((1+1))',
  "$'\\x41'",
  'a;reboot',
  'a&&reboot',
  'a||reboot',
  'a|sh',
  'a>b',
  '<(id)',
  'a\nb',
  'a\r\nb',
  '\t',
  "it's",
  "'",
  "''",
  "'\\''",
  '"',
  '\\',
  '\\\\',
  "\\'",
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '!1',
  '#',
  '%s%n',
  '\0',
  'a\0b',
  '\u001b[2J\u001b]0;x\u0007',
  '\u202egnp.exe',
  '\u2066x\u2069',
  '\u2028',
  '\u0085',
  '\ufeff',
  '\ufffe',
  '\ud800',
  'ü💥',
  '👩\u200d💻',
  ']]>',
  '<!--',
  '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
  '&b;',
  '&amp;',
  '</name>',
  '<![CDATA[',
  'yes',
  'null',
  '0x10',
  '1e3',
  ': ',
  'a: b',
  ' #c',
  '- a',
  '{{ lookup }}',
  '{% include %}',
  '@file',
  '=cmd',
  '|',
  '>',
  '&anchor',
  '*alias',
  '!!python/object/apply:os.system [id]',
  '%TAG',
  '---',
  '...',
  '<@U0ADMIN>',
  '<!channel>',
  '<!here|here>',
  '<!everyone>',
  '<https://evil.example|kvm1>',
  '<mailto:a@b|a>',
  '<#C0VMS>',
  '<!subteam^S1>',
  '<!date^1^{date}|x>',
  '```',
  'x'.repeat(5000),
  "'".repeat(500),
  'ü'.repeat(700),
] as const

const signs = fc.constantFrom(
  ...'\'"`\\$;&|<>(){}[]*?~#!%@=:,.-_/ \t\n\r\u001b\u007f\u0085\u2028\u202e\u2066\u200b\ufeff',
  ...'aZ0üß中💥',
)

/** Any text at all, most of it hostile. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...wholes) },
  { weight: 5, arbitrary: fc.string({ unit: signs, maxLength: 24 }) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(...wholes), { maxLength: 4 }).map((all) => all.join('')) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
)

/** Whether a program can be given it: no NUL, and something that UTF-8 can say. */
export function isPassable(text: string): boolean {
  return !text.includes('\0') && Buffer.from(text).toString() === text
}

/** The same without what no program can be given. */
export const passableText = hostileText.filter(isPassable)

/** Many at once, for what is slow to start: `count` of them in one case. */
export function manyOf<T>(of: fc.Arbitrary<T>, count: number): fc.Arbitrary<T[]> {
  return fc.array(of, { minLength: count, maxLength: count, size: 'max' })
}
