import { describe, expect, it } from 'vitest'
import { slackStandings } from '../../src/slack/standings.js'

function standingOf(user: Record<string, unknown>, own: Record<string, unknown> = {}) {
  const client = {
    auth: { test: async () => ({ ok: true, team_id: 'T1', ...own }) },
    users: { info: async () => ({ ok: true, user: { id: 'U1', team_id: 'T1', ...user } }) },
  }
  return slackStandings(client).standingOf('U1')
}

describe("Slack's word on who somebody is", () => {
  it.each([
    ['a full member', {}, {}, 'member'],
    ['a deactivated account, even of a guest', { deleted: true, is_restricted: true }, {}, 'deactivated'],
    ['a guest of several channels', { is_restricted: true }, {}, 'guest'],
    ['a guest of one channel', { is_restricted: true, is_ultra_restricted: true }, {}, 'guest'],
    ['somebody of another workspace', { team_id: 'T2' }, {}, 'external'],
    ['somebody whose workspace is not told', { team_id: undefined }, {}, 'external'],
    ['a stranger', { is_stranger: true }, {}, 'external'],
    [
      'somebody of another workspace of the same organisation',
      { team_id: 'T2', enterprise_user: { enterprise_id: 'E1' } },
      { enterprise_id: 'E1' },
      'member',
    ],
    [
      'somebody of another organisation',
      { team_id: 'T2', enterprise_user: { enterprise_id: 'E2' } },
      { enterprise_id: 'E1' },
      'external',
    ],
  ])('knows %s', async (_, user, own, standing) => {
    expect(await standingOf(user, own)).toBe(standing)
  })

  it('is not taken for somebody else', async () => {
    await expect(standingOf({ id: 'U2' })).rejects.toThrow('told of U2')
  })
})
