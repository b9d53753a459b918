import { regionsWithoutBuilds } from '../../../core/deployment/regions.ts';
import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import { ServiceFault } from '../signed.ts';
import type { Aws } from './client.ts';
import { parameterOf } from './parameters.ts';

/** Which of the images the deployment's repository lacks. @param images `:tag` or `@sha256:…`. */
export async function missingImages(aws: Aws, parameters: string, images: readonly string[]): Promise<string[]> {
  const repositoryName = await parameterOf(aws, `${parameters}/images`);
  if (repositoryName === undefined) return [...images];
  const found = images.map(async (image) => {
    const id = image.startsWith('@') ? { imageDigest: image.slice(1) } : { imageTag: image.slice(1) };
    try {
      await aws.json('ecr', 'DescribeImages', { repositoryName, imageIds: [id] });
      return [];
    } catch (error) {
      if (error instanceof ServiceFault && /NotFoundException$/.test(error.code)) return [image];
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}

/** Whether the region can build the images: known without asking the account. No row if it can. */
export function buildsCheck(region: string): Check[] {
  if (!regionsWithoutBuilds.includes(region)) return [];
  const remedy = 'Set `image_builds: false` in the settings, and push the images: docs/images.md, Build by hand.';
  return [fail('images', `${region} has no CodeBuild, which builds them`, remedy)];
}

/** @param built Whether they are built in the account. */
export async function imagesCheck(
  aws: Aws,
  parameters: string,
  images: readonly string[],
  built: boolean,
): Promise<Check[]> {
  const unbuildable = built ? buildsCheck(aws.region) : [];
  if (unbuildable.length > 0) return unbuildable;
  const missing = await missingImages(aws, parameters, images);
  const names = images.map((image) => image.slice(1)).join(', ');
  if (missing.length === 0) return [pass('images', names)];
  const remedy = built
    ? 'drydock aws up waits until they are built in the account.'
    : 'Push them when the stack of what is kept is there: docs/images.md, Build by hand.';
  return [warn('images', `not there yet: ${missing.map((image) => image.slice(1)).join(', ')}`, remedy)];
}

interface Build {
  id: string;
  /** `IN_PROGRESS`, `SUCCEEDED`, or how it failed. */
  status: string;
  log: string;
}

/** The newest build of the images. https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html */
export async function newestBuild(aws: Aws, projectName: string): Promise<Build | undefined> {
  const { ids } = await aws.json('codebuild', 'ListBuildsForProject', { projectName, sortOrder: 'DESCENDING' });
  const [id] = (ids ?? []) as string[];
  if (id === undefined) return undefined;
  const { builds } = await aws.json('codebuild', 'BatchGetBuilds', { ids: [id] });
  const [build] = (builds ?? []) as { buildStatus?: string; logs?: { deepLink?: string } }[];
  return { id, status: build?.buildStatus ?? '', log: build?.logs?.deepLink ?? '' };
}

/** Starts a build. One that another start was faster with is as good: the project has one at a time. */
export async function startBuild(aws: Aws, projectName: string): Promise<void> {
  try {
    await aws.json('codebuild', 'StartBuild', { projectName });
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.code !== 'AccountLimitExceededException') throw error;
  }
}
