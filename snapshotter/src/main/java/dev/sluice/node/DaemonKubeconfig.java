package dev.sluice.node;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Lends this pod's service account to the daemon on the host, which is no pod: a kubeconfig file, with the token and the certificate beside
 * it. The kubelet renews the token of the pod from time to time, so this has to be done again and again; with the pod it ends.
 *
 * @param account directory of the pod's service account, with {@code token} and {@code ca.crt}
 * @param directory that the daemon sees
 * @param seen the same, as the daemon sees it
 * @param server URL of the API server
 */
record DaemonKubeconfig(Path account, Path directory, Path seen, String server) {
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_DIRECTORY = PosixFilePermissions.fromString("rwx------");

    DaemonKubeconfig {
        requireNonNull(account, "account is null");
        requireNonNull(directory, "directory is null");
        requireNonNull(seen, "seen is null");
        requireNonNull(server, "server is null");
    }

    /** Writes what has changed; each file is whole at any time. */
    void refresh() throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_DIRECTORY));
        }
        write("ca.crt", Files.readString(account.resolve("ca.crt")));
        write("token", Files.readString(account.resolve("token")));
        write("kubeconfig", """
                # Sluice's pod on this node keeps it fresh.
                apiVersion: v1
                kind: Config
                clusters:
                - name: cluster
                  cluster: {server: "%1$s", certificate-authority: "%2$s/ca.crt"}
                users:
                - name: pod
                  user: {tokenFile: "%2$s/token"}
                contexts:
                - name: pod
                  context: {cluster: cluster, user: pod}
                current-context: pod
                """.formatted(server, seen));
    }

    private void write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        if (Files.exists(file) && Files.readString(file).equals(text)) {
            return;
        }
        Path next = directory.resolve("." + name);
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(OWNER));
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
