package dev.sluice.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.registry.Digest;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentManifestsTest {
    private static final List<Digest> MANIFESTS = List.of(Digest.sha256(new byte[0]));

    private final AtomicLong clock = new AtomicLong(-17);
    private final RecentManifests recent = new RecentManifests(clock::get);

    @Test
    void aListAnswersOneQuestionAboutEachChainId() {
        assertThat(recent.take("default", Set.of("a"))).isEmpty();
        recent.put("default", Set.of("a"), recent.now(), MANIFESTS);

        assertThat(recent.take("default", Set.of("b"))).contains(MANIFESTS);
        assertThat(recent.take("default", Set.of("b"))).isEmpty();
        assertThat(recent.take("default", Set.of("a"))).isEmpty();
        assertThat(recent.take("default", Set.of("a", "c"))).isEmpty();
        assertThat(recent.take("default", Set.of("c"))).contains(MANIFESTS);
    }

    @Test
    void aListIsNotGoodForLong() {
        recent.put("default", Set.of("a"), recent.now(), MANIFESTS);

        clock.addAndGet(RecentManifests.VALID.toNanos() - 1);
        assertThat(recent.take("default", Set.of("b"))).contains(MANIFESTS);
        clock.addAndGet(1);
        assertThat(recent.take("default", Set.of("c"))).isEmpty();
    }

    @Test
    void namespacesHaveTheirOwn() {
        recent.put("default", Set.of("a"), recent.now(), MANIFESTS);

        assertThat(recent.take("another", Set.of("b"))).isEmpty();
    }
}
