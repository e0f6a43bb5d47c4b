"""The lab's own traffic as packets, made from what its sockets recorded: nobody's permission needed."""
