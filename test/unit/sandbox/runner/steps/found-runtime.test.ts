import { describe, expect, test } from 'vitest';
import { isVersion, versionAsked } from '../../../../../core/task-spec/toolchains.ts';

describe('R13 the runtime that was asked for', () => {
  test.each([
    ['node:20-slim', 'node', '20'],
    ['node:lts', 'node', undefined],
    ['python:3.13', 'python', '3.13'],
    ['maven:3-eclipse-temurin-21', 'java', '21'],
    ['eclipse-temurin:17-jdk', 'java', '17'],
    ['gradle:8-jdk21', 'java', '21'],
    ['rust:1', 'rust', '1'],
  ] as const)('%s says its version', (runtime, toolchain, version) => {
    expect(versionAsked(runtime, toolchain)).toBe(version);
  });

  test('is compared part by part', () => {
    expect(isVersion('24.1.0', '24')).toBe(true);
    expect(isVersion('24.1.0', '24.1')).toBe(true);
    expect(isVersion('24.1.0', '2')).toBe(false);
    expect(isVersion('3.13.5', '3.1')).toBe(false);
  });
});
