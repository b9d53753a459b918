/** The policy as the design shows it. */
export const designPolicy = `version: 1
people:                             # every rule compares person ids, never logins or addresses
  lead: {email: lead@example.com, github: lead-gh, slack: U012, iam: "arn:aws:iam::123456789012:role/lead"}
repositories:                       # what may be worked on, and which branches may carry specs
  acme-platform/frontend: {host: github, installation: 123, trusted_branches: [main], team: web}
  acme-platform/billing:  {host: git, url: ./billing.git, team: web}
agents:                             # a spec may name a profile, never a vendor
  default: careful
  profiles:
    careful: {kind: acp, command: [gemini, --acp], provider: google, model: gemini-2.5-pro}
    codemod: {kind: command, command: [node, /agent/codemod.mjs], files: ./codemods}   # files: mounted read-only at /agent
models: {allow: ["google/*", "anthropic/claude-sonnet-*"]}
runtimes: {}                        # "node:20-slim" → image@sha256 (AWS), your CI's image among them; built-in defaults per toolchain
egress: {registries: [npm], hosts: []}
mcp: {}                             # server → {url or command, tools: [allowed]}
checks: {}                          # name → command, run in Verify on every change; SARIF kept as evidence
ci: {}                              # on a host without CI: gate name → command, run in Verify
limits: {usd_per_run: 10, timeout_minutes: 60, cpu: 2, memory_mb: 4096, pids: 512, disk_mb: 10240, concurrent_runs: 4,
         changed_files: 300, changed_bytes: 5000000, rework_rounds: 3, plan_alternatives: 3, history_depth: 50}
review: {plan: required, approvers: [lead], required_reviewers: 1, expires_hours: 72, critical_paths: {"src/auth/**": 2}}
protected_paths: [".github/**", ".agent-tasks/**"]
budgets:
  web: {sprint_starts: 2026-11-16, sprint_days: 14, limit_usd: 200, alerts_percent: [50, 80, 100]}
notify: {}                          # slack, email
`;
