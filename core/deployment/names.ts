/** Names that follow from the name of a deployment. */
export interface DeploymentNames {
  /** The stack that can be deleted, and the one that is kept. */
  run: string;
  kept: string;
  /** Path of the SSM parameters that name what is kept: `/drydock`. */
  parameters: string;
  /** SSM parameter with the URLs and the version of the deployment. */
  address: string;
}

export const deploymentNames = (name: string): DeploymentNames => ({
  run: name,
  kept: `${name}State`,
  parameters: `/${name.toLowerCase()}`,
  address: `/drydock/stacks/${name}`,
});

/** Beginning of the description of each stack; a stack of the same name without it belongs to somebody else. */
export const stackDescriptions = {
  run: 'Drydock: state machine, functions, networks, sandboxes',
  kept: 'Drydock: tables, artifacts, images, key, secrets',
} as const;
