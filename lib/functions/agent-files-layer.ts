import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Policy } from '../../core/policy/schema.ts';
import { propError } from '../props/prop-error.ts';
import { packFolder } from './tar.ts';

const folderName = 'drydock-agents';
/** Where functions that start phases find `<profile>.tar`. */
export const agentFilesPath = `/opt/${folderName}`;
/** MiB of all together. Lambda unpacks 250 MB for a function, its code and other layers among them. */
const maxMegabytes = 100;

interface AgentFilesProps {
  policy: Policy;
  /** Folder of the policy's file, from which its paths are meant; undefined for a policy given as an object. */
  folder: string | undefined;
}

/**
 * The files of the policy's agent profiles, packed beside the functions that start phases: those put them with the other
 * inputs of a phase, and the sandbox unpacks them at /agent.
 */
export class AgentFiles extends Construct {
  /** Undefined where no profile has files. */
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
      // Copied to the output right here.
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
        throw propError(this, 'UsageError', `files of ${profile} is ${files}; in an object give an absolute path.`);
      try {
        return [{ profile, bytes: packFolder(resolve(folder ?? '/', files)) }];
      } catch (error) {
        throw propError(this, 'FileUnreadable', `files of ${profile} cannot be packed: ${(error as Error).message}`);
      }
    });
    const bytes = packed.reduce((sum, each) => sum + each.bytes.length, 0);
    if (bytes > maxMegabytes * 1024 * 1024)
      throw propError(this, 'UsageError', `files of the profiles have ${bytes} bytes; at most ${maxMegabytes} MB fit.`);
    return packed;
  }
}
