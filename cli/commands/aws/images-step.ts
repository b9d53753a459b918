import { setTimeout as delay } from 'node:timers/promises';
import { resourceIn } from '../../../adapters/aws/account/activity.ts';
import { missingImages, newestBuild, startBuild } from '../../../adapters/aws/account/images.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Output } from '../../terminal/output.ts';
import { neededImages } from './checks.ts';
import type { Deployment } from './settings.ts';
import type { Step } from './steps.ts';

const pollMs = 10_000;
/** Reads without a build that was asked for. */
const maxSilent = 6;
const shown = (images: readonly string[]): string => images.map((image) => image.slice(1)).join(', ');

function common(deployment: Deployment): Pick<Step, 'name' | 'why' | 'look'> & { missing(): Promise<string[]> } {
  const { aws, names } = deployment;
  const images = neededImages(deployment);
  const missing = () => missingImages(aws, names.parameters, images);
  return {
    name: 'images',
    why: 'gateway and sandboxes run from the image repository of the account',
    look: async () => ({ done: (await missing()).length === 0, detail: shown(images) }),
    missing,
  };
}

/** Images that a person pushes, where none are built in the account. */
export function pushedImagesStep(deployment: Deployment): Step {
  const { missing, ...step } = common(deployment);
  return {
    ...step,
    would: `push ${shown(neededImages(deployment))}: docs/images.md, Build by hand`,
    act: async () => ({
      todo: `Push ${shown(await missing())} as docs/images.md, Build by hand, says; then type this command again.`,
    }),
  };
}

/** Waits for CodeBuild, which the deployment of the stack starts; a build that failed before is begun again. */
export function builtImagesStep(deployment: Deployment, output: Output): Step {
  const { missing, ...step } = common(deployment);
  const { aws, names } = deployment;
  return {
    ...step,
    would: `wait for CodeBuild, which builds ${shown(neededImages(deployment))} in the account: some ten minutes`,
    async act() {
      const project = await resourceIn(aws, names.run, 'AWS::CodeBuild::Project');
      if (project === undefined) {
        throw new DrydockError('DeploymentFailed', `${names.run} has no CodeBuild project.`, {
          remedy: 'Deploy it again: drydock aws up; or set `image_builds: false`, and push the images.',
        });
      }
      // A build that ended before this command is no reason to give up.
      const before = await newestBuild(aws, project);
      const old = before?.status === 'IN_PROGRESS' ? undefined : before?.id;
      let [began, said, silent] = [false, '', 0];
      for (let lacking = await missing(); lacking.length > 0; lacking = await missing()) {
        const build = await newestBuild(aws, project);
        if (build?.status === 'IN_PROGRESS') {
          if (said !== build.id) output.err(`CodeBuild is at ${build.id}; waiting. Its log: ${build.log}`);
          said = build.id;
        } else if (build !== undefined && build.id !== old) {
          throw failed(`The build ${build.id} ended (${build.status}), and ${shown(lacking)} are missing.`, build.log);
        } else if (began && ++silent > maxSilent) {
          throw failed(`No build of ${project} began.`, `aws codebuild start-build --project-name ${project}`);
        } else if (!began) {
          await startBuild(aws, project);
          began = true;
        }
        await delay(pollMs);
      }
      return `built ${shown(neededImages(deployment))}`;
    },
  };
}

const failed = (message: string, where: string): DrydockError =>
  new DrydockError('DeploymentFailed', message, {
    remedy: `Look at ${where}, mend the cause, and type the same command again.`,
  });
