package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdMapTest {
    private static final String UID = "containerd.io/snapshot/uidmapping";
    private static final String GID = "containerd.io/snapshot/gidmapping";

    private static IdMap map(String uids, String gids) throws SnapshotException {
        return IdMap.of(Map.of(UID, uids, GID, gids)).orElseThrow();
    }

    @Test
    void withoutLabelsNothingIsShifted() throws SnapshotException {
        assertThat(IdMap.of(Map.of("other", "label"))).isEmpty();
    }

    @Test
    void eachRangeOfTheContainerIsARangeOfTheHost() throws SnapshotException {
        IdMap map = map("0:100000:1000,1000:5000:1", "0:300000:65536");

        assertThat(map.hostUid(0)).isEqualTo(100_000);
        assertThat(map.hostUid(999)).isEqualTo(100_999);
        assertThat(map.hostUid(1000)).isEqualTo(5000);
        assertThat(map.hostGid(1000)).isEqualTo(301_000);
        assertThat(map.mountOptions()).containsExactly("uidmap=0:100000:1000,1000:5000:1", "gidmap=0:300000:65536");
    }

    @Test
    void whoIsNobodyInTheContainerBecomesItsRoot() throws SnapshotException {
        IdMap map = map("0:100000:10", "0:200000:10");

        assertThat(map.hostUid(10)).isEqualTo(100_000);
        assertThat(map.hostGid(-1)).isEqualTo(200_000);
    }

    @Test
    void idsAreUnsigned() throws SnapshotException {
        assertThat(map("0:4294901760:65535", "0:0:4294967295").hostUid(1)).isEqualTo((int) 4_294_901_761L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "0:1",
                "0:1:2:3",
                "-1:0:1",
                "0:1:x",
                "0:100000:10,",
                "0:100000:0",
                "0:4294967295:1",
                "0:1:4294967295",
                "1:100000:10",
                "99999999999:0:1",
            })
    void whatIsNoMapIsRefused(String text) {
        assertThatThrownBy(() -> map(text, "0:100000:10")).isInstanceOf(SnapshotException.class);
        assertThatThrownBy(() -> map("0:100000:10", text)).isInstanceOf(SnapshotException.class);
    }

    @Test
    void usersWithoutGroupsAreRefused() {
        assertThatThrownBy(() -> IdMap.of(Map.of(UID, "0:100000:10")))
                .isInstanceOf(SnapshotException.class)
                .hasMessageContaining("gidmapping");
    }
}
