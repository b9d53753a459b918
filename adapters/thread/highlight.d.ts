// The types of highlight.js add those of a browser to every file of the project; this is what is used of it.
declare const highlight: {
  getLanguage(name: string): { name?: string } | undefined;
  highlight(code: string, options: { language: string; ignoreIllegals?: boolean }): { value: string };
};
export default highlight;
