/** What people are called, as far as Slack told it with what they did. A mention would tell them each time that somebody
 * looks at what is theirs; a name does not. */
import type { Jobs, Person } from '../jobs/index.js'
import type { Report } from '../report/index.js'
import { isSlackUser } from './views/index.js'

const mostRemembered = 5000

export class Names {
  readonly #jobs: Pick<Jobs, 'list'>
  readonly #names = new Map<string, string>()

  constructor(jobs: Pick<Jobs, 'list'>) {
    this.#jobs = jobs
  }

  learn({ id, name }: Person): void {
    if (name === undefined || this.#names.get(id) === name) return
    if (this.#names.size >= mostRemembered) this.#names.clear()
    this.#names.set(id, name)
  }

  /** undefined for somebody who did nothing here yet. */
  of(id: string): string | undefined {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    // From before the last start.
    const [job] = this.#jobs.list({ requester: id, limit: 1 })
    if (job !== undefined) this.learn(job.requester)
    return this.#names.get(id)
  }

  /** The report with people by name where it has them by id. */
  in(report: Report): Report {
    const named = (label: string, value: string) => {
      const name = isSlackUser(label, value) ? this.of(value) : undefined
      return name === undefined ? value : `@${name}`
    }
    const { facts, table } = report
    return {
      ...report,
      ...(facts === undefined
        ? {}
        : { facts: facts.map(({ label, value }) => ({ label, value: named(label, value) })) }),
      ...(table === undefined
        ? {}
        : {
            table: {
              ...table,
              rows: table.rows.map((row) => row.map((cell, at) => named(table.columns[at] ?? '', cell))),
            },
          }),
    }
  }
}
