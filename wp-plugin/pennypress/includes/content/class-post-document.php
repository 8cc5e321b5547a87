<?php
/**
 * A post as the service takes it.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Makes documents of posts.
 */
final class Post_Document {

	/** Changes when documents are made in another way: then all of them differ from what was sent. */
	const FORM = 2;

	const PREFIX = 'wp-post-';

	/**
	 * The id of a post's document.
	 *
	 * @param int $post_id A post's id, or Document_Table::MENUS.
	 * @return string
	 */
	public static function id( $post_id ) {
		return Document_Table::MENUS === (int) $post_id ? Menu_Document::ID : self::PREFIX . (int) $post_id;
	}

	/**
	 * The post of a document's id; null if it is none of ours.
	 *
	 * @param string $id A document's id.
	 * @return int|null
	 */
	public static function post_id( $id ) {
		if ( Menu_Document::ID === $id ) {
			return Document_Table::MENUS;
		}
		return preg_match( '/^' . self::PREFIX . '([1-9][0-9]{0,17})$/D', $id, $found ) ? (int) $found[1] : null;
	}

	/**
	 * What a post's document depends on, as far as it can be told without rendering it. Its words are part of it: a migration that
	 * replaces them in the database leaves the date as it was.
	 *
	 * @param \WP_Post $post A post.
	 * @return string 32 characters.
	 */
	public static function fingerprint( $post ) {
		$words = md5( $post->post_title . "\0" . $post->post_excerpt . "\0" . $post->post_content );
		$parts = array( self::FORM, $post->post_modified_gmt, $words, get_permalink( $post ), self::locale( $post->ID ) );
		if ( 'product' === $post->post_type ) {
			$parts[] = Product_Facts::fingerprint( $post->ID );
		}
		return md5( (string) wp_json_encode( $parts ) );
	}

	/**
	 * The document, as a visitor would read it.
	 *
	 * @param \WP_Post $post    A post.
	 * @param int      $without See Visitor_View::content().
	 * @return array<string, string>
	 * @throws \Throwable What a block, a shortcode or another plugin threw.
	 */
	public static function build( $post, $without ) {
		return Visitor_View::during(
			$post,
			static function () use ( $post, $without ) {
				return self::make( $post, Visitor_View::content( $without ) );
			}
		);
	}

	/**
	 * Makes the document in the visitor's view: prices, too, may depend on who looks at them, and words on the language.
	 *
	 * @param \WP_Post $post A post.
	 * @param string   $html Its content.
	 * @return array<string, string>
	 */
	private static function make( $post, $html ) {
		if ( 'product' === $post->post_type ) {
			$html = Product_Facts::summary( $post->ID ) . $html . Product_Facts::details( $post->ID );
		}
		$title = Plain_Text::of( get_the_title( $post ) );
		if ( '' === Plain_Text::of( $html ) ) {
			$html = '<p>' . esc_html( $title ) . '</p>'; // A picture, a film, a page that its theme fills: that it is there is worth knowing.
		}
		$document = array(
			'id'     => self::id( $post->ID ),
			'url'    => (string) get_permalink( $post ),
			'title'  => $title,
			'html'   => $html,
			'locale' => self::locale( $post->ID ),
			'kind'   => $post->post_type,
		);
		/**
		 * A post's document before it is sent: id, url, title, html, locale and kind. Here is the place to add what a theme shows
		 * from custom fields.
		 *
		 * @param array<string, string> $document The document.
		 * @param \WP_Post              $post     The post.
		 */
		return (array) apply_filters( 'pennypress_document', $document, $post );
	}

	/**
	 * The language of a post, as a tag such as `de-AT`. The two best-known plugins for several languages are asked, if there.
	 *
	 * @param int $post_id A post's id.
	 * @return string
	 */
	private static function locale( $post_id ) {
		$locale = function_exists( 'pll_get_post_language' ) ? pll_get_post_language( $post_id, 'locale' ) : '';
		if ( ! $locale ) {
			$wpml   = apply_filters( 'wpml_post_language_details', null, $post_id ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WPML's own.
			$locale = is_array( $wpml ) && ! empty( $wpml['locale'] ) ? (string) $wpml['locale'] : get_locale();
		}
		return str_replace( '_', '-', (string) $locale );
	}
}
