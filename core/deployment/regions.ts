/** A region by its name: `eu-central-1`, `us-gov-west-1`. */
export const regionPattern = /^[a-z]{2}(?:-[a-z]+)+-\d$/;

/** Regions without CodeBuild, as the registry of CloudFormation has them; a test compares. */
export const regionsWithoutBuilds: readonly string[] = ['ap-east-2', 'ca-west-1', 'mx-central-1'];
