/** The address of a script that runs in a thread of its own; the build makes it of the named module. */
declare module "worker:*" {
    const address: string;
    export default address;
}
