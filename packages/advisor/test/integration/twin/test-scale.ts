/** Small by default, so that a laptop is done in seconds; CI sets `full`. */
export const isFullScale: boolean = process.env["UPSHIFT_TEST_SCALE"] === "full";
