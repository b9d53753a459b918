import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import { ServiceFault } from '../signed.ts';
import type { Aws } from './client.ts';

/** Geographies of inference profiles: `eu.anthropic.claude-…` runs in several regions. */
const profile = /^(?:us|us-gov|eu|apac|au|ca|jp|global)\./;

/**
 * Whether the account has access to a model of Bedrock in a region.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetFoundationModelAvailability.html
 */
export async function modelCheck(aws: Aws, region: string, model: string): Promise<Check[]> {
  const name = `model ${model}`;
  const id = model.replace(profile, '');
  const page = `https://${region}.console.aws.amazon.com/bedrock/home?region=${region}#/model-catalog`;
  try {
    if (id !== model)
      await aws.get('bedrock', 'GetInferenceProfile', `/inference-profiles/${encodeURIComponent(model)}`, region);
    const answer = await aws.get(
      'bedrock',
      'GetFoundationModelAvailability',
      `/foundation-model-availability/${encodeURIComponent(id)}`,
      region,
    );
    const { status } = (answer.agreementAvailability ?? {}) as { status?: unknown };
    // Across regions, the model need not be in this one.
    if (id === model && answer.regionAvailability !== 'AVAILABLE')
      return [
        fail(
          name,
          `is not in ${region}`,
          'Name a model of that region in the policy, or another `region` of the provider.',
        ),
      ];
    if (answer.entitlementAvailability !== 'AVAILABLE' || status !== 'AVAILABLE') {
      // The first call by a role that may subscribe makes the agreement; the role of the gateways may not.
      const remedy = `Use it once yourself, with aws-marketplace:Subscribe, and give the use case if asked: ${page}`;
      return [warn(name, `the account has no access to it yet (agreement ${String(status)})`, remedy)];
    }
    if (answer.authorizationStatus !== 'AUTHORIZED')
      return [
        warn(
          name,
          'your role may not use it',
          'The gateways have a role of their own; check that no service control policy denies bedrock:InvokeModel.',
        ),
      ];
    return [pass(name, `access in ${region}`)];
  } catch (error) {
    if (!(error instanceof ServiceFault) || !/^(?:ResourceNotFoundException|ValidationException)$/.test(error.code))
      throw error;
    return [
      fail(
        name,
        `Bedrock does not know it in ${region}`,
        `Name one of ${page}, with the geography in front if it says so.`,
      ),
    ];
  }
}
