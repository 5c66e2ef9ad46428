/* Prints the IPv4 address that the C library's own resolver finds for a name. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

int main(int count, char **arguments) {
  struct addrinfo wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  char text[INET_ADDRSTRLEN];
  int error = count == 2 ? getaddrinfo(arguments[1], NULL, &wanted, &found) : EAI_NONAME;
  if (error != 0) {
    printf("%s\n", gai_strerror(error));
    return 1;
  }
  inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text);
  printf("%s\n", text);
  return 0;
}
