package dev.sluice.ondemand.cachefiles;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the kernel has open, in the order of the objects' numbers. Immutable; a change makes a new table, so that lookups take no lock. */
final class OpenCookies {
    static final OpenCookies EMPTY = new OpenCookies(new int[0], new OpenCookie[0]);

    private final int[] ids;
    private final OpenCookie[] cookies;

    private OpenCookies(int[] ids, OpenCookie[] cookies) {
        this.ids = ids;
        this.cookies = cookies;
    }

    /** {@code null} if there is no such object. */
    @Nullable
    OpenCookie byId(int id) {
        int index = Arrays.binarySearch(ids, id);
        return index < 0 ? null : cookies[index];
    }

    List<OpenCookie> all() {
        return List.of(cookies);
    }

    /** An object with the same number, which the kernel must have closed, is replaced. */
    OpenCookies with(OpenCookie cookie) {
        OpenCookies others = without(cookie.id());
        int index = -Arrays.binarySearch(others.ids, cookie.id()) - 1;
        int[] newIds = new int[others.ids.length + 1];
        OpenCookie[] newCookies = new OpenCookie[newIds.length];
        System.arraycopy(others.ids, 0, newIds, 0, index);
        System.arraycopy(others.cookies, 0, newCookies, 0, index);
        newIds[index] = cookie.id();
        newCookies[index] = cookie;
        System.arraycopy(others.ids, index, newIds, index + 1, others.ids.length - index);
        System.arraycopy(others.cookies, index, newCookies, index + 1, others.ids.length - index);
        return new OpenCookies(newIds, newCookies);
    }

    OpenCookies without(int id) {
        OpenCookie[] rest = Arrays.stream(cookies).filter(c -> c.id() != id).toArray(OpenCookie[]::new);
        return rest.length == cookies.length
                ? this
                : new OpenCookies(Arrays.stream(rest).mapToInt(OpenCookie::id).toArray(), rest);
    }
}
