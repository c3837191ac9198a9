/** docs/commands.md, made from the definitions so that it cannot be out of date. */
import { describeArguments } from './argument-list.js'
import { usageOf } from './canonical-line.js'
import type { Catalogue, CatalogueEntry } from './catalogue.js'
import { risks } from './definition.js'

/** The whole page in Markdown. */
export function commandsPage(catalogue: Catalogue): string {
  const entries = catalogue.entries()
  const top = entries.filter(({ path }) => !path.includes(' '))
  const sections = catalogue.groups().map((group) =>
    section(
      group,
      entries.filter(({ path }) => path.startsWith(`${group} `)),
    ),
  )
  return `${[intro, ...sections, section('Help', top)].join('\n\n')}\n`
}

const intro = `# Commands

Typed in Slack after \`/qnav\`, in a terminal as \`qnav run "…"\`. Made from the files in [commands/](../commands): each command is
one file there.

- Values that have blanks are quoted: \`--description "before the upgrade"\`. Quotes and dashes as phones make them are taken too.
- \`--flag value\`, \`--flag=value\`, \`-m 4G\`; switches are \`--start\` and \`--no-start\`; lists have commas or repeat the flag.
- Memory is MiB unless a unit is given (\`4G\`), disks are GiB; durations always have a unit (\`30m\`, \`1h30m\`, \`7d\`).
- A VM is named \`web1\`, or \`web1@kvm1\` where the name is on several hosts.
- In Slack a line that lacks something opens a form; \`--form\` opens it for any command, with what was typed.
- Whatever changes something takes \`--reason "…"\`: why, for those who approve it. In an emergency, with \`--break-glass --reason "…"\`, it runs
  at once without its approval, for those whom qnav.yml lets; it is announced, and reviewed afterwards. While
  another job works on the same VM it waits its turn, or with \`--busy refuse\` is refused at once.
- \`help vm create\`, or \`--help\` behind any command, shows what is below.

Risks: ${Object.entries(risks)
  .map(([risk, meaning]) => `**${risk}** ${meaning}`)
  .join(', ')}. qnav.yml says which of them need approval.`

function section(title: string, entries: readonly CatalogueEntry[]): string {
  return [`## ${title}`, ...entries.map(commandText)].join('\n\n')
}

function commandText({ path, command }: CatalogueEntry): string {
  const args = describeArguments(command).filter(({ isCommon }) => !isCommon)
  const rows = args.map(({ typed, description, form, whenLeftOut }) =>
    [`\`${typed}\``, description, form, whenLeftOut].map(cell).join(' | '),
  )
  return [
    `### ${path}`,
    `${command.summary}. Risk: ${command.risk}.`,
    `\`${usageOf(path, command)}\``,
    ...(command.details ?? []),
    ...(rows.length === 0
      ? []
      : [
          [
            '| argument | what | form | when left out |',
            '|---|---|---|---|',
            ...rows.map((row) => `| ${row} |`),
          ].join('\n'),
        ]),
    ['```', ...command.examples, '```'].join('\n'),
  ].join('\n\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/<(?![^`]*`)/g, '&lt;')
}
