interface Download {
  what: string;
  /** The variable, and its value, with which the package does not. */
  variable: string;
}

/** Packages of npm that download a program by themselves when they are installed. */
const downloads: Readonly<Record<string, Download>> = {
  // https://pptr.dev/guides/configuration
  puppeteer: { what: 'a browser', variable: 'PUPPETEER_SKIP_DOWNLOAD: "true"' },
  // https://docs.cypress.io/app/references/advanced-installation
  cypress: { what: 'its program', variable: 'CYPRESS_INSTALL_BINARY: "0"' },
  // https://github.com/giggio/node-chromedriver
  chromedriver: { what: 'a driver', variable: 'CHROMEDRIVER_SKIP_DOWNLOAD: "true"' },
  // https://playwright.dev/docs/browsers; since 1.38 `playwright` itself does not
  'playwright-chromium': { what: 'a browser', variable: 'PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1"' },
  'playwright-firefox': { what: 'a browser', variable: 'PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1"' },
  'playwright-webkit': { what: 'a browser', variable: 'PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1"' },
};

/** How package managers name a package whose script failed: by its folder, in quotes, or with its version. */
const named = /(?:node_modules\/|["'│ ])([a-z][a-z-]{0,40})(?![\w./-])/g;

/** What people may do about an install whose output says that a download failed, one line for each such package. */
export function downloadHints(output: string): string[] {
  const names = new Set(Array.from(output.matchAll(named), ([, name = '']) => name));
  return Object.entries(downloads).flatMap(([name, { what, variable }]) =>
    names.has(name)
      ? [
          `${name} downloads ${what} when it is installed. To install it without: sandbox: {env: {${variable}}}; to let it, allow the host that was refused.`,
        ]
      : [],
  );
}
