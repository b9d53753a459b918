/** Packages of npm that download a program by themselves when they are installed, and the variable without which they do. */
const downloads: Readonly<Record<string, { what: string; variable: string; value: string }>> = {
  // https://pptr.dev/guides/configuration
  puppeteer: { what: 'a browser', variable: 'PUPPETEER_SKIP_DOWNLOAD', value: 'true' },
  // https://docs.cypress.io/app/references/advanced-installation
  cypress: { what: 'its program', variable: 'CYPRESS_INSTALL_BINARY', value: '0' },
  // https://github.com/giggio/node-chromedriver
  chromedriver: { what: 'a driver', variable: 'CHROMEDRIVER_SKIP_DOWNLOAD', value: 'true' },
  // https://playwright.dev/docs/browsers; since 1.38 `playwright` itself does not
  ...Object.fromEntries(
    ['playwright-chromium', 'playwright-firefox', 'playwright-webkit'].map((name) => [
      name,
      { what: 'a browser', variable: 'PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD', value: '1' },
    ]),
  ),
};

/** How package managers name a package whose script failed: by its folder, in quotes, or with its version. */
const named = (name: string): RegExp => new RegExp(`(?:node_modules/|["'│ ])${name}(?![\\w./-])`);

/** What people may do about an install whose output says that a download failed, one line for each such package. */
export const downloadHints = (output: string): string[] =>
  Object.entries(downloads).flatMap(([name, { what, variable, value }]) =>
    named(name).test(output)
      ? [
          `${name} downloads ${what} when it is installed. To install it without: sandbox: {env: {${variable}: "${value}"}}; to let it, allow the host that was refused.`,
        ]
      : [],
  );
