package dev.sluice.ondemand.cachefiles;

/** A cookie that the kernel has open, and the object that it opened for it. */
record OpenCookie(Cookie cookie, CacheObject object) {
    int id() {
        return object.id();
    }
}
