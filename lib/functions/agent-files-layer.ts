import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { packFolder } from '../../common/tar.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { propError } from '../props/prop-error.ts';

const folderName = 'drydock-agents';
/** Path of `<profile>.tar` in the functions that launch phases. */
export const agentFilesPath = `/opt/${folderName}`;
/** Limit for all profiles together. Lambda allows 250 MB unzipped for a function with its layers. */
const maxMegabytes = 100;

interface AgentFilesProps {
  policy: Policy;
  /** Folder of the policy file, base of its relative paths; `undefined` if the policy is an object. */
  folder: string | undefined;
}

/**
 * The files of the policy's agent profiles, as a layer of the functions that launch phases. Those functions add them to
 * the inputs of a phase, and the sandbox unpacks them to /agent.
 */
export class AgentFiles extends Construct {
  /** `undefined` if no profile has files. */
  readonly layer: lambda.LayerVersion | undefined;

  constructor(scope: Construct, id: string, props: AgentFilesProps) {
    super(scope, id);
    const packed = this.#pack(props);
    if (packed.length === 0) return;
    const folder = mkdtempSync(join(tmpdir(), 'drydock-agents-'));
    mkdirSync(join(folder, folderName));
    for (const { profile, bytes } of packed) writeFileSync(join(folder, folderName, `${profile}.tar`), bytes);
    this.layer = new lambda.LayerVersion(this, 'Layer', {
      description: 'Drydock: files of agent profiles',
      // Copies the folder to the CDK output immediately, so it can be removed below.
      code: lambda.Code.fromAsset(folder),
      compatibleArchitectures: [lambda.Architecture.ARM_64],
    });
    rmSync(folder, { recursive: true });
  }

  /** @throws FileUnreadable, UsageError, with the path of this construct. */
  #pack({ policy, folder }: AgentFilesProps): { profile: string; bytes: Uint8Array }[] {
    const packed = Object.entries(policy.agents.profiles).flatMap(([profile, { files }]) => {
      if (files === undefined) return [];
      if (folder === undefined && !isAbsolute(files))
        throw propError(
          this,
          'UsageError',
          `files of ${profile} is ${files}; in a policy object it must be an absolute path.`,
        );
      try {
        return [{ profile, bytes: packFolder(resolve(folder ?? '/', files)) }];
      } catch (error) {
        throw propError(this, 'FileUnreadable', `files of ${profile} cannot be packed: ${(error as Error).message}`);
      }
    });
    const bytes = packed.reduce((sum, each) => sum + each.bytes.length, 0);
    if (bytes > maxMegabytes * 1024 * 1024)
      throw propError(
        this,
        'UsageError',
        `the files of the profiles have ${bytes} bytes; the limit is ${maxMegabytes} MB.`,
      );
    return packed;
  }
}
