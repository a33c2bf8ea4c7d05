package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What is to be changed.
 *
 * @param version of containerd
 * @param name under which containerd knows Sluice
 * @param changes of files; empty if there is nothing to do
 * @param notes for people, one sentence each
 */
public record InstallPlan(
        InstallTarget target, ContainerdVersion version, String name, List<FileChange> changes, List<String> notes) {
    public InstallPlan {
        requireNonNull(target, "target is null");
        requireNonNull(version, "version is null");
        requireNonNull(name, "name is null");
        changes = List.copyOf(changes);
        notes = List.copyOf(notes);
    }
}
