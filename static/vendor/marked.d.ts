export { Lexer, Marked, Parser } from "marked";
