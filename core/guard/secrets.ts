/** Shapes of credentials by their issuer's own prefix; found in added lines only. Sources: the issuers' documentation. */
const shapes: { name: string; shape: RegExp }[] = [
  { name: 'a private key', shape: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----/ },
  { name: 'an AWS access key', shape: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/ },
  {
    name: 'an AWS secret key',
    shape: /aws_?secret_?(?:access_?)?key["']?\s*[=:]\s*["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/i,
  },
  { name: 'a GitHub token', shape: /\b(?:gh[pousr]_[A-Za-z0-9._-]{36,}|github_pat_[A-Za-z0-9_]{60,})/ },
  { name: 'a GitLab token', shape: /\bglpat-[A-Za-z0-9_-]{20,}/ },
  { name: 'a Google API key', shape: /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/ },
  { name: 'an OpenAI or Anthropic key', shape: /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}/ },
  { name: 'a Slack token', shape: /\bxox[abeprs]-[A-Za-z0-9-]{20,}/ },
  { name: 'a Slack webhook', shape: /\bhooks\.slack\.com\/services\/T\w+\/B\w+\/\w{20,}/ },
  { name: 'an npm token', shape: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { name: 'a PyPI token', shape: /\bpypi-AgE[A-Za-z0-9_-]{50,}/ },
  { name: 'a Stripe key', shape: /\b[sr]k_live_[A-Za-z0-9]{20,}/ },
];

/** What looks like a secret in `text` and was not in `before`; undefined when nothing does. Never the secret itself. */
export function findSecret(text: string, before: string): { what: string; line: number } | undefined {
  const known = new Set(before.split('\n'));
  for (const [index, line] of text.split('\n').entries()) {
    if (known.has(line)) continue;
    const found = shapes.find(({ shape }) => shape.test(line));
    if (found) return { what: found.name, line: index + 1 };
  }
  return undefined;
}
