import { readFileSync } from 'node:fs';
import type { ServiceSpec } from '../../../core/run/phase.ts';

const knownNames = (): Set<string> => {
  try {
    return new Set(readFileSync('/etc/hosts', 'utf8').split(/\s+/));
  } catch {
    return new Set();
  }
};

/** Where services are reached whose names lead nowhere, as on Fargate, which cannot give a container names. */
export function addressHints(services: Readonly<Record<string, ServiceSpec>>): string[] {
  const all = Object.entries(services);
  if (all.length === 0) return [];
  const known = knownNames();
  return all.flatMap(([name, { port }]) =>
    known.has(name) ? [] : [`The service ${name} is reached at 127.0.0.1:${port} here, not by its name.`],
  );
}
