import { type Check, pass, warn } from '../../../core/doctor/finding.ts';
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

export async function imagesCheck(aws: Aws, parameters: string, images: readonly string[]): Promise<Check[]> {
  const missing = await missingImages(aws, parameters, images);
  const names = images.map((image) => image.slice(1)).join(', ');
  if (missing.length === 0) return [pass('images', names)];
  const remedy = 'Push them when the stack of what is kept is there: docs/images.md, Build and push.';
  return [warn('images', `not there yet: ${missing.map((image) => image.slice(1)).join(', ')}`, remedy)];
}
