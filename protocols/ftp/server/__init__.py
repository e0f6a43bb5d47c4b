"""The FTP server: pyftpdlib in a thread of its own, recorded, limited, and able to fail on purpose.

`service.FtpServer` is the service, `setup.FtpSetup` says what it is to be, `rules` what is to go wrong.
"""
