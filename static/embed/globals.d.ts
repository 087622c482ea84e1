/** The build puts a style sheet's minified text in its place. */
declare module "*.css" {
  const text: string;
  export default text;
}
