declare module '*.mp3?url' {
  const url: string;
  export default url;
}
