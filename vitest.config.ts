import { defineConfig } from 'vitest/config'

// unit: pure or in-process, parallel. host: real libvirt, sshd, kcli. e2e: the whole bot, sandbox and Chromium.
// host and e2e share one hypervisor, so their files run one after another.
const onHost = {
  globalSetup: ['test/host/setup.ts'],
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 300_000,
}

export default defineConfig({
  test: {
    passWithNoTests: false,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'commands/**/*.ts'],
      exclude: ['src/sandbox/page/**'],
      reporter: ['text-summary', 'html'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          // Two busy cores make property tests slow, not wrong.
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/host/**', 'test/e2e/**'],
          sequence: { groupOrder: 0 },
        },
      },
      { test: { name: 'host', include: ['test/host/**/*.test.ts'], sequence: { groupOrder: 1 }, ...onHost } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], sequence: { groupOrder: 2 }, ...onHost } },
    ],
  },
})
