export { refuseUnknown } from "@upshift/foundation";
