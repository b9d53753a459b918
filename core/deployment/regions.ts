/** Regions without CodeBuild, as the registry of CloudFormation has them; a test compares. */
export const regionsWithoutBuilds: readonly string[] = ['ap-east-2', 'ca-west-1', 'mx-central-1'];
