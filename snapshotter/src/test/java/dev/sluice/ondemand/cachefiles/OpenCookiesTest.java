package dev.sluice.ondemand.cachefiles;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fill.StagingBuffers;
import dev.sluice.linux.Linux;
import dev.sluice.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OpenCookiesTest {
    private final Linux linux = Linux.load();

    @Test
    void itHoldsWhatWasPutInAndNotTakenOut() throws IOException {
        Random random = new Random(5);
        Map<Integer, OpenCookie> model = new HashMap<>();
        List<OpenCookie> all = new ArrayList<>();
        OpenCookies table = OpenCookies.EMPTY;
        for (int i = 0; i < 500; i++) {
            int id = 1 + random.nextInt(40);
            if (random.nextBoolean()) {
                OpenCookie cookie = cookie(id);
                all.add(cookie);
                table = table.with(cookie);
                model.put(id, cookie);
            } else {
                table = table.without(id);
                model.remove(id);
            }
            for (int known = 0; known <= 41; known++) {
                assertThat(table.byId(known)).isSameAs(model.get(known));
            }
        }
        assertThat(table.all()).containsExactlyInAnyOrderElementsOf(model.values());
        all.forEach(cookie -> cookie.object().close());
    }

    private OpenCookie cookie(int id) throws IOException {
        ProbeLayer layer = new ProbeLayer("probe", new byte[4096]);
        return new OpenCookie(
                new Cookie(layer),
                new CacheObject(
                        id, linux.open(Path.of("/dev/null"), OpenFlags.O_RDWR, 0), 4096, new StagingBuffers(1)));
    }
}
